-- Each claim changes the holder, and PostgreSQL would write one index more with each, for something that
-- is read after a lost answer and at a start only. Those two read the queue from end to end instead: it
-- holds what waits, and nothing else.
DROP INDEX queue_held;
