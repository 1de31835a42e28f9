-- Whether the next attempt is asked for, by a redelivery or a test: it is made though the receiver asks to be left alone.
ALTER TABLE webhook_deliveries ADD COLUMN asked INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1));
CREATE INDEX webhook_deliveries_asked ON webhook_deliveries (webhook, next_attempt_ms) WHERE state = 'pending' AND asked = 1;
