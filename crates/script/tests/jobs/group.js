// state: {"users":[{"n":1,"a":{"r":"x"}},{"n":2,"a":{"r":"y"}},{"n":3,"a":{"r":"x"}},{"n":4}]}
group($.users, 'a.r');
