-- What is held is found by its holder, however long the queue is: a claim whose answer was lost, and what
-- an earlier start held. It is as small as the number of calls under way.
CREATE INDEX queue_held ON queue (owner) WHERE owner IS NOT NULL;
