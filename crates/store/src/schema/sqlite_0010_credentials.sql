-- Who made a token, what a session was begun with, and links that end by themselves.

-- A user's credentials have a generation, which every change of the password or the second factor
-- raises: a session that is begun with those of before is refused.
ALTER TABLE users ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- Whether the second factor goes when the link is used: for who has lost it.
ALTER TABLE invitations ADD COLUMN drops_second_factor INTEGER NOT NULL DEFAULT 0;
UPDATE invitations SET expires_at = made_at + 86400000000
WHERE kind = 'first-owner' AND expires_at IS NULL;

-- The user who made a token; without one it was the administrator. The log knows who made those
-- that are there already.
ALTER TABLE api_tokens ADD COLUMN maker BLOB;
UPDATE api_tokens SET maker = (
    SELECT who_id FROM audit
    WHERE action = 'token.created' AND who_kind = 'user'
      AND replace(target, '-', '') = lower(hex(api_tokens.id)));
CREATE INDEX api_tokens_by_maker ON api_tokens (maker);
