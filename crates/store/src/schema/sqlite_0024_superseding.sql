-- What a delivery has taken the place of: an erasure goes back along it.
CREATE INDEX deliveries_superseding ON deliveries (project, superseded_by)
    WHERE superseded_by IS NOT NULL;
