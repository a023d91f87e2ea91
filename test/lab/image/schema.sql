-- Money moves between accounts, their sum never changes; each move is an item, made together with a commit of git.
set client_min_messages = warning;
create table if not exists accounts (id int primary key, balance bigint not null);
insert into accounts select id, 1000 from generate_series(1, 10000) id on conflict do nothing;
create table if not exists counters (worker int primary key, value bigint not null);
insert into counters select worker, 0 from generate_series(0, 9) worker on conflict do nothing;
create table if not exists items (
  worker int, n bigint, repository text not null, ref text not null, commit text not null,
  source int not null, target int not null, amount bigint not null, note text not null, primary key (worker, n)
);
create unique index if not exists items_by_commit on items (commit);
-- Bulk that changes here and there, so that what is copied while it works is never of one moment.
create table if not exists shelves (id int primary key, version bigint not null, body text not null);
insert into shelves select id, 0, repeat(md5(id::text), 40) from generate_series(1, 20000) id on conflict do nothing;
