-- What runs that keep nothing have left for senders who wait, under the kind 'answer': it is found by this to
-- be dropped when nobody waits any more.
CREATE INDEX run_answers ON run_states (project, run) WHERE kind = 'answer';
