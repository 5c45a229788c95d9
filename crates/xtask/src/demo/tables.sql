-- The tables of the demo in PostgreSQL; the people are plainly made up, with NULLs among them.
create table public.person (
    id bigint primary key,
    name text,
    year int,
    birthdate date,
    ismarried bool,
    interest text,
    salary numeric(15, 2)
);

insert into public.person
select
    n,
    'person ' || lpad(n::text, 6, '0'),
    extract(year from birthdate),
    birthdate,
    case when n % 10 <> 0 then n % 3 = 0 end,
    (array['reading', 'chess', 'music', 'running', null])[1 + n % 5],
    case when n % 100 <> 0 then 1000 + (n * 7919 % 1000000) / 100.0 end
from generate_series(1, 100000) as n
cross join lateral (select date '1940-01-01' + n % 25000 as birthdate) as made_up;

create table public.flights (
    year int,
    month int,
    day int,
    dep_time int,
    sched_dep_time int,
    dep_delay int,
    arr_time int,
    sched_arr_time int,
    arr_delay int,
    carrier text,
    flight int,
    tailnum text,
    origin text,
    dest text,
    air_time int,
    distance int,
    hour int,
    minute int,
    time_hour timestamptz
);

-- What the server's own client makes of the same file, to compare with.
create table public.flights_expected (like public.flights);
