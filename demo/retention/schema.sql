-- The back office of an invented consultancy, as it might be on PostgreSQL or SQLite. It knows
-- nothing of Consentry.

CREATE TABLE prospects (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT,
    phone TEXT,
    company TEXT,
    met_on DATE NOT NULL,
    answered_on DATE,
    hidden BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX prospects_met ON prospects (met_on, id);
CREATE INDEX prospects_answered ON prospects (answered_on, id);

CREATE TABLE clients (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    left_on DATE
);
CREATE INDEX clients_left ON clients (left_on, id);

-- A client cannot be deleted as long as there is a contract.
CREATE TABLE contracts (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    email TEXT NOT NULL,
    terms TEXT NOT NULL,
    ended_on DATE
);
CREATE INDEX contracts_client ON contracts (client_id);
CREATE INDEX contracts_ended ON contracts (ended_on, id);

-- An invoice outlives its client.
CREATE TABLE invoices (
    id INTEGER PRIMARY KEY,
    client_id INTEGER REFERENCES clients (id) ON DELETE SET NULL,
    email TEXT NOT NULL,
    number TEXT,
    contact TEXT,
    amount INTEGER,
    issued_on DATE,
    phone TEXT,
    note TEXT
);
CREATE INDEX invoices_client ON invoices (client_id);
CREATE INDEX invoices_issued ON invoices (issued_on, id);

CREATE TABLE applicants (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    resume TEXT,
    decision TEXT NOT NULL DEFAULT 'open',
    ask_again BOOLEAN NOT NULL DEFAULT FALSE,
    applied_on DATE NOT NULL,
    decided_on DATE
);
CREATE INDEX applicants_applied ON applicants (applied_on, id);
CREATE INDEX applicants_decided ON applicants (decided_on, id);

CREATE TABLE webinars (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    held_on DATE NOT NULL
);

CREATE TABLE registrations (
    id INTEGER PRIMARY KEY,
    webinar_id INTEGER NOT NULL REFERENCES webinars (id),
    email TEXT,
    name TEXT,
    company TEXT,
    network TEXT,
    registered_on DATE
);
CREATE INDEX registrations_webinar ON registrations (webinar_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    locked BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX messages_received ON messages (received_at, id);
