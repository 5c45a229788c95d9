-- The tables of the demo in PostgreSQL, which its jobs fill.
create table public.person (
    id bigint primary key,
    name text,
    year int,
    birthdate date,
    ismarried bool,
    interest text,
    salary numeric(15, 2)
);

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
