-- Who an account is at the provider of single sign-on.
CREATE TABLE identity (
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    account_id   TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identity_by_account ON identity (account_id);

-- Attempts to sign in that have gone to the provider and are not back yet.
CREATE TABLE sign_on (
    state_hash   TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    next_path    TEXT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sign_on_by_end ON sign_on (expires_at);

CREATE INDEX account_by_email ON account (lower(email), id);
