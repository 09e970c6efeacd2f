-- Rows around every boundary of the policy. `{3 years ago}` is a day, counted from the day of the
-- run; four days later is not yet due on any day of the year, however long its months are.

CREATE TEMPORARY TABLE people AS
WITH RECURSIVE numbers (n) AS (
    SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 419
),
first (n, name) AS (VALUES
    (0, 'Ada'), (1, 'Bela'), (2, 'Chidi'), (3, 'Dora'), (4, 'Emre'), (5, 'Fatou'), (6, 'Goran'),
    (7, 'Hana'), (8, 'Ines'), (9, 'Jonas'), (10, 'Kemal'), (11, 'Lucie'), (12, 'Mehdi'),
    (13, 'Noor'), (14, 'Oskar'), (15, 'Paola'), (16, 'Quentin'), (17, 'Rosa'), (18, 'Sami'),
    (19, 'Tove')
),
last (n, name) AS (VALUES
    (0, 'Arnal'), (1, 'Berger'), (2, 'Castel'), (3, 'Dupin'), (4, 'Eriksen'), (5, 'Fabre'),
    (6, 'Gallo'), (7, 'Horvat'), (8, 'Isnard'), (9, 'Jansen'), (10, 'Keller'), (11, 'Lambert'),
    (12, 'Marchal'), (13, 'Novak'), (14, 'Okafor'), (15, 'Perrin'), (16, 'Quist'), (17, 'Renard'),
    (18, 'Sauvage'), (19, 'Tessier'), (20, 'Urban')
),
company (n, name, domain) AS (VALUES
    (0, 'Atelier Fougasse', 'fougasse.example'), (1, 'Bois de Lune', 'boisdelune.example'),
    (2, 'Cordages Ruel', 'ruel.example'), (3, 'Duvet Nord', 'duvetnord.example'),
    (4, 'Encres Saline', 'saline.example'), (5, 'Forge Odile', 'odile.example'),
    (6, 'Grain et Fils', 'grain.example')
)
SELECT numbers.n + 1 AS id,
       first.name || ' ' || last.name AS name,
       lower(first.name || '.' || last.name) || '@' || company.domain AS email,
       company.name AS company,
       '+33 1 99 00 ' || (1000 + numbers.n) AS phone
FROM numbers
JOIN first ON first.n = numbers.n % 20
JOIN last ON last.n = numbers.n / 20
JOIN company ON company.n = numbers.n % 7;

-- 360 prospects. The first 240 were met at a fair four years ago; ten of them answered since.
INSERT INTO prospects (id, email, name, phone, company, met_on)
SELECT id, email, name, phone, company, '{4 years ago}' FROM people WHERE id BETWEEN 1 AND 240;
INSERT INTO prospects (id, email, name, phone, company, met_on)
SELECT id, email, name, phone, company, '{3 years ago}' FROM people WHERE id BETWEEN 241 AND 244;
INSERT INTO prospects (id, email, name, phone, company, met_on)
SELECT id, email, name, phone, company, '{3 years ago + 4 days}' FROM people WHERE id BETWEEN 245 AND 250;
INSERT INTO prospects (id, email, name, phone, company, met_on)
SELECT id, email, name, phone, company, '{2 years ago}' FROM people WHERE id BETWEEN 251 AND 280;
INSERT INTO prospects (id, email, name, phone, company, met_on)
SELECT id, email, name, phone, company, '{2 years ago + 4 days}' FROM people WHERE id BETWEEN 281 AND 290;
INSERT INTO prospects (id, email, name, phone, company, met_on)
SELECT id, email, name, phone, company, '{3 months ago}' FROM people WHERE id BETWEEN 291 AND 360;
UPDATE prospects SET answered_on = '{1 year ago}' WHERE id <= 10;

-- 40 clients, 15 of whom have left.
INSERT INTO clients (id, email, name, phone)
SELECT id, email, name, phone FROM people WHERE id BETWEEN 361 AND 400;
UPDATE clients SET left_on = '{1 year ago}' WHERE id BETWEEN 386 AND 390;
UPDATE clients SET left_on = '{5 years ago + 4 days}' WHERE id BETWEEN 391 AND 394;
UPDATE clients SET left_on = '{5 years ago}' WHERE id BETWEEN 395 AND 397;
UPDATE clients SET left_on = '{7 years ago}' WHERE id BETWEEN 398 AND 400;

-- A contract each.
INSERT INTO contracts (id, client_id, email, terms, ended_on)
SELECT id, id, email, 'Two days of advice a month', left_on FROM clients;

-- Four invoices each, and three that are older. They are counted from the end of their year.
INSERT INTO invoices (id, client_id, email, number, contact, amount, issued_on, phone, note)
SELECT 1000 + id, id, email, 'F-' || (1000 + id), name, 1200, '{1 year ago}', phone, 'Paid in time' FROM clients;
INSERT INTO invoices (id, client_id, email, number, contact, amount, issued_on, phone, note)
SELECT 2000 + id, id, email, 'F-' || (2000 + id), name, 1300, '{3 years ago}', phone, 'Asked for a copy' FROM clients;
INSERT INTO invoices (id, client_id, email, number, contact, amount, issued_on, phone, note)
SELECT 3000 + id, id, email, 'F-' || (3000 + id), name, 1100, '{4 years ago}', phone, 'Paid late' FROM clients WHERE id > 370;
INSERT INTO invoices (id, client_id, email, number, contact, amount, issued_on, phone, note)
SELECT 4000 + id, id, email, 'F-' || (4000 + id), name, 900, '{10 years ago}', phone, 'Paid in cash' FROM clients WHERE id > 390;
INSERT INTO invoices (id, client_id, email, number, contact, amount, issued_on, phone, note)
SELECT 5000 + id, id, email, 'F-' || (5000 + id), name, 800, '{11 years ago}', phone, 'Paid in cash' FROM clients WHERE id > 397;

-- 20 applicants.
INSERT INTO applicants (id, email, name, resume, applied_on)
SELECT id, email, name, 'Ten years in a bank', '{1 month ago}' FROM people WHERE id BETWEEN 401 AND 404;
INSERT INTO applicants (id, email, name, resume, applied_on)
SELECT id, email, name, 'Speaks four languages', '{3 months ago}' FROM people WHERE id BETWEEN 405 AND 406;
INSERT INTO applicants (id, email, name, resume, applied_on, decision, decided_on)
SELECT id, email, name, 'Studied law', '{8 months ago}', 'rejected', '{6 months ago}' FROM people WHERE id BETWEEN 407 AND 409;
INSERT INTO applicants (id, email, name, resume, applied_on, decision, decided_on)
SELECT id, email, name, 'Ran a shop', '{8 months ago}', 'rejected', '{6 months ago + 4 days}' FROM people WHERE id BETWEEN 410 AND 411;
INSERT INTO applicants (id, email, name, resume, applied_on, decision, ask_again, decided_on)
SELECT id, email, name, 'Taught at a school', '{26 months ago}', 'rejected', TRUE, '{2 years ago}' FROM people WHERE id BETWEEN 412 AND 413;
INSERT INTO applicants (id, email, name, resume, applied_on, decision, ask_again, decided_on)
SELECT id, email, name, 'Wrote two books', '{14 months ago}', 'rejected', TRUE, '{1 year ago}' FROM people WHERE id BETWEEN 414 AND 416;
INSERT INTO applicants (id, email, name, resume, applied_on, decision, decided_on)
SELECT id, email, name, 'Knows our trade', '{3 months ago}', 'hired', '{1 month ago}' FROM people WHERE id BETWEEN 417 AND 418;
INSERT INTO applicants (id, email, name, resume, applied_on, decision, decided_on)
SELECT id, email, name, 'Worked abroad', '{3 months ago}', 'hired', '{2 days ago}' FROM people WHERE id BETWEEN 419 AND 420;

-- Four webinars with 40 people each.
INSERT INTO webinars (id, topic, held_on) VALUES
    (1, 'Small budgets', '{2 years ago}'), (2, 'First hires', '{1 year ago}'),
    (3, 'Small budgets', '{1 year ago + 4 days}'), (4, 'First hires', '{1 month ago}');
INSERT INTO registrations (id, webinar_id, email, name, company, network, registered_on)
SELECT id, 1, email, name, company, '203.0.113.' || (id % 200), '{25 months ago}' FROM people WHERE id BETWEEN 261 AND 300;
INSERT INTO registrations (id, webinar_id, email, name, company, network, registered_on)
SELECT id, 2, email, name, company, '198.51.100.' || (id % 200), '{13 months ago}' FROM people WHERE id BETWEEN 301 AND 340;
INSERT INTO registrations (id, webinar_id, email, name, company, network, registered_on)
SELECT id, 3, email, name, company, '203.0.113.' || (id % 200), '{13 months ago}' FROM people WHERE id BETWEEN 341 AND 380;
INSERT INTO registrations (id, webinar_id, email, name, company, network, registered_on)
SELECT id, 4, email, name, company, '198.51.100.' || (id % 200), '{2 months ago}' FROM people WHERE id BETWEEN 381 AND 420;

-- 60 messages.
INSERT INTO messages (id, email, body, received_at)
SELECT id, email, 'What would you charge for us?', '{1 year 2 days ago} 09:30:00' FROM people WHERE id BETWEEN 301 AND 312;
INSERT INTO messages (id, email, body, received_at)
SELECT id, email, 'Could you call us back?', '{1 year ago + 4 days} 09:30:00' FROM people WHERE id BETWEEN 313 AND 320;
INSERT INTO messages (id, email, body, received_at)
SELECT id, email, 'When is the next webinar?', '{6 months 2 days ago} 09:30:00' FROM people WHERE id BETWEEN 321 AND 330;
INSERT INTO messages (id, email, body, received_at)
SELECT id, email, 'Thank you for the slides.', '{2 days ago} 09:30:00' FROM people WHERE id BETWEEN 331 AND 360;

DROP TABLE people;
