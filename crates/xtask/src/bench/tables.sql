-- The source of the benchmarks: :rows rows of 16 mixed columns with NULLs, and two targets of the same shape.
create table source_keyed (
    id bigint not null,
    account bigint not null,
    quantity int,
    attempts int not null,
    level smallint,
    price numeric(15, 2),
    discount numeric(15, 2),
    active bool,
    code char(8),
    born date,
    shipped date,
    created timestamptz not null,
    updated timestamptz,
    name varchar(40),
    city varchar(30),
    note text
);

insert into source_keyed
select
    n,
    n * 7919 % 1000003,
    case when n % 11 <> 0 then n % 1000 end,
    n % 5,
    case when n % 13 <> 0 then n % 100 end,
    (n * 104729 % 100000000) / 100.0,
    case when n % 3 = 0 then (n % 5000) / 100.0 end,
    case when n % 17 <> 0 then n % 2 = 0 end,
    'C' || lpad((n % 10000000)::text, 7, '0'),
    date '1950-01-01' + (n % 25000)::int,
    case when n % 7 <> 0 then date '2020-01-01' + (n % 2000)::int end,
    timestamptz '2024-01-01 00:00:00+00' + n * interval '1.234567 seconds',
    case when n % 4 <> 0 then timestamptz '2025-01-01 00:00:00+00' + n * interval '0.5 seconds' end,
    'customer ' || n,
    (array['Hamburg', 'Hangzhou', 'Boston', 'São Paulo', 'Lagos', null])[1 + (n % 6)::int],
    case when n % 10 <> 0 then repeat('lorem ipsum ', (n % 8)::int) end
from generate_series(1::bigint, :rows) as n;

create table source_heap as table source_keyed;
alter table source_keyed add primary key (id);
create table target_heap (like source_heap including all);
create table target_keyed (like source_keyed including all);
create table one_row as select 1::bigint as id;
create table one_row_copy (like one_row);
vacuum analyze;
