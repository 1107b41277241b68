// state: {"last":"2024-01-02"}
cursor($.last);
cursor(null, { defaultValue: 'abc', key: 'page' });
