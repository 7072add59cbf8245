-- The peer `postgres`: what favfs stores of a favourite, and the counts that its aggregator keeps.

CREATE TABLE favorite (
	restaurant text NOT NULL,
	fan text NOT NULL,
	created timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (restaurant, fan)
);

CREATE TABLE fans (
	restaurant text NOT NULL,
	time_window text NOT NULL,
	count bigint NOT NULL,
	PRIMARY KEY (restaurant, time_window)
);
CREATE INDEX fans_by_rank ON fans (time_window, count DESC, restaurant);

-- One statement a window, always in this order, so that no two transactions wait for each other.
CREATE FUNCTION count_favorite() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	one text;
BEGIN
	FOREACH one IN ARRAY ARRAY['all',
		to_char(NEW.created AT TIME ZONE 'UTC', 'YYYY-MM'),
		to_char(NEW.created AT TIME ZONE 'UTC', 'YYYY-MM-DD')]
	LOOP
		INSERT INTO fans VALUES (NEW.restaurant, one, 1)
			ON CONFLICT (restaurant, time_window) DO UPDATE SET count = fans.count + 1;
	END LOOP;
	RETURN NULL;
END $$;

CREATE TRIGGER count_favorite AFTER INSERT ON favorite
	FOR EACH ROW EXECUTE FUNCTION count_favorite();
