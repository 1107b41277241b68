// state: {}
cursor('today', { format: date => typeof date.getTime() });
