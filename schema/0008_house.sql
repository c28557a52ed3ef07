-- What makes room for a real exchange.

-- ---- one truth for a bot's model ----

-- trading_configs.model_id says which model a bot asks; model_assignments follows it (and says
-- since when, by whom). Who writes a row of model_assignments by hand changes model_id with it.
-- Until now model_assignments decided where it had a row; a model_id of 0 beside it meant that one.
UPDATE trading_config_history SET config = json_set(config, '$.model_id',
	(SELECT a.model_id FROM model_assignments a WHERE a.bot_id = trading_config_history.bot_id))
	WHERE json_valid(config) AND coalesce(json_extract(config, '$.model_id'), 0) = 0
	AND bot_id IN (SELECT a.bot_id FROM model_assignments a JOIN trading_configs c
		ON c.bot_id = a.bot_id WHERE c.model_id = 0);
UPDATE trading_configs SET model_id =
	(SELECT a.model_id FROM model_assignments a WHERE a.bot_id = trading_configs.bot_id)
	WHERE bot_id IN (SELECT bot_id FROM model_assignments);
INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
	SELECT bot_id, model_id, updated_us, updated_by FROM trading_configs
	WHERE model_id IN (SELECT id FROM models)
	AND bot_id NOT IN (SELECT bot_id FROM model_assignments);

CREATE INDEX trading_configs_model ON trading_configs(model_id);
CREATE TRIGGER trading_configs_model_set AFTER UPDATE OF model_id ON trading_configs
WHEN new.model_id IS NOT old.model_id
BEGIN
	DELETE FROM model_assignments WHERE bot_id = new.bot_id AND model_id != new.model_id;
	INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
		SELECT new.bot_id, id, new.updated_us, new.updated_by FROM models
		WHERE id = new.model_id
		AND NOT EXISTS (SELECT 1 FROM model_assignments WHERE bot_id = new.bot_id);
END;
CREATE TRIGGER trading_configs_model_new AFTER INSERT ON trading_configs
WHEN new.model_id != 0
BEGIN
	INSERT INTO model_assignments(bot_id, model_id, assigned_us, assigned_by)
		SELECT new.bot_id, id, new.updated_us, new.updated_by FROM models
		WHERE id = new.model_id
		AND NOT EXISTS (SELECT 1 FROM model_assignments WHERE bot_id = new.bot_id);
END;
CREATE TRIGGER model_assignments_new AFTER INSERT ON model_assignments
BEGIN
	UPDATE trading_configs SET model_id = new.model_id
		WHERE bot_id = new.bot_id AND model_id != new.model_id;
END;
CREATE TRIGGER model_assignments_set AFTER UPDATE OF model_id ON model_assignments
BEGIN
	UPDATE trading_configs SET model_id = new.model_id
		WHERE bot_id = new.bot_id AND model_id != new.model_id;
END;
CREATE TRIGGER model_assignments_gone AFTER DELETE ON model_assignments
BEGIN
	UPDATE trading_configs SET model_id = 0
		WHERE bot_id = old.bot_id AND model_id = old.model_id;
END;
