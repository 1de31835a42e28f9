-- How often it was asked for again: an attempt that was begun before that says nothing of the next one.
ALTER TABLE webhook_deliveries ADD COLUMN redeliveries INTEGER NOT NULL DEFAULT 0;
