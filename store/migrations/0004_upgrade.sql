-- What people have said of the upgrade as a whole: runbook.Upgrade as JSON.
ALTER TABLE upgrade ADD COLUMN body TEXT NOT NULL DEFAULT '{}';
