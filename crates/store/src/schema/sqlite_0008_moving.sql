-- What keeps the order of a forwarder that is led to another connection.

-- The key of what is kept in order: the part of the sequence that stays when the connection changes.
ALTER TABLE queue ADD COLUMN order_key TEXT
    GENERATED ALWAYS AS (substr(sequence, instr(sequence, '/') + 1)) VIRTUAL;
CREATE INDEX queue_of_forwarder ON queue (project, forwarder, order_key, position)
    WHERE order_key IS NOT NULL;
