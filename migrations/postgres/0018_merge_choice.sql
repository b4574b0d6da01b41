-- What a person said of two records, by their ids, the lower one first: that they are of one activity, or that they
-- are not. It outlives the records, which have the same ids when they come again.
CREATE TABLE merge_choice (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    one TEXT COLLATE "C" NOT NULL,
    other TEXT COLLATE "C" NOT NULL,
    is_same BOOLEAN NOT NULL,
    decided_ms BIGINT NOT NULL,
    PRIMARY KEY (athlete, one, other)
);
