CREATE TABLE zenprofile_alembic_version (
    version_num VARCHAR(32) NOT NULL,
    PRIMARY KEY (version_num)
);
CREATE TABLE zenprofile_changes (
    number BIGINT NOT NULL,
    who VARCHAR(255) COLLATE "C" NOT NULL,
    made_at VARCHAR(32) NOT NULL,
    message TEXT NOT NULL,
    mark VARCHAR(64) NOT NULL,
    undone BIGINT,
    idempotency_key VARCHAR(64),
    PRIMARY KEY (number)
);
CREATE UNIQUE INDEX zenprofile_changes_idempotency_key ON zenprofile_changes (idempotency_key);
CREATE TABLE zenprofile_change_entities (
    kind VARCHAR(16) COLLATE "C" NOT NULL,
    type VARCHAR(64) COLLATE "C" NOT NULL,
    name VARCHAR(128) COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    text_before TEXT,
    text_after TEXT,
    PRIMARY KEY (kind, type, name, number),
    FOREIGN KEY(number) REFERENCES zenprofile_changes (number)
);
CREATE INDEX zenprofile_change_entities_number ON zenprofile_change_entities (number);
CREATE TABLE zenprofile_entities (
    kind VARCHAR(16) COLLATE "C" NOT NULL,
    type VARCHAR(64) COLLATE "C" NOT NULL,
    folded VARCHAR(128) COLLATE "C" NOT NULL,
    name VARCHAR(128) COLLATE "C" NOT NULL,
    document TEXT NOT NULL,
    revision VARCHAR(80) NOT NULL,
    number BIGINT NOT NULL,
    data TEXT,
    seal BIGINT NOT NULL,
    PRIMARY KEY (kind, type, folded),
    CONSTRAINT zenprofile_entities_folded CHECK (folded = lower(name)),
    FOREIGN KEY(number) REFERENCES zenprofile_changes (number)
);
