CREATE TABLE zenprofile_alembic_version (
    version_num VARCHAR(32) NOT NULL,
    PRIMARY KEY (version_num)
);
CREATE TABLE zenprofile_changes (
    number BIGINT NOT NULL,
    who VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
    made_at VARCHAR(32) NOT NULL,
    message TEXT(4294967295) COLLATE utf8mb4_bin NOT NULL,
    mark VARCHAR(64) NOT NULL,
    undone BIGINT,
    idempotency_key VARCHAR(64),
    PRIMARY KEY (number)
);
CREATE UNIQUE INDEX zenprofile_changes_idempotency_key ON zenprofile_changes (idempotency_key);
CREATE TABLE zenprofile_change_entities (
    kind VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    type VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
    number BIGINT NOT NULL,
    text_before TEXT(4294967295) COLLATE utf8mb4_bin,
    text_after TEXT(4294967295) COLLATE utf8mb4_bin,
    PRIMARY KEY (kind, type, name, number),
    FOREIGN KEY(number) REFERENCES zenprofile_changes (number)
);
CREATE INDEX zenprofile_change_entities_number ON zenprofile_change_entities (number);
CREATE TABLE zenprofile_entities (
    kind VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    type VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    folded VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(128) COLLATE utf8mb4_bin NOT NULL,
    document TEXT(4294967295) COLLATE utf8mb4_bin NOT NULL,
    revision VARCHAR(80) NOT NULL,
    number BIGINT NOT NULL,
    data TEXT(4294967295) COLLATE utf8mb4_bin,
    seal BIGINT NOT NULL,
    PRIMARY KEY (kind, type, folded),
    CONSTRAINT zenprofile_entities_folded CHECK (folded = lower(name)),
    FOREIGN KEY(number) REFERENCES zenprofile_changes (number)
);
