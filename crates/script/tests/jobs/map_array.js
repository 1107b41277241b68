// state: {}
map([1, 2, 3], async number => number * number);
