-- What was looked at before privacy zones counted for weather tells places within them too finely: of athletes who have
-- one, every activity is looked at again, and none is asked for until then.
UPDATE weather_position SET changed = 0, activity_id = '' WHERE athlete IN (SELECT athlete FROM privacy_zone);
