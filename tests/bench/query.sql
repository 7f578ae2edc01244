-- sqlite3: a table is filled, indexed, joined and grouped. ROWS is replaced by a number.
create table item(id integer primary key, name text, amount integer);
insert into item
    with recursive number(x) as (select 1 union all select x + 1 from number where x < ROWS)
    select x, 'item ' || hex(x * 7919 % ROWS), x % 1000 from number;
create index by_name on item(name);
select amount, count(*), max(name), group_concat(substr(name, 6, 3), '') from item
    group by amount order by 2 desc, 3 limit 5;
select count(*) from item a join item b on a.name = 'item ' || hex(b.id);
select count(distinct printf('%s/%08d', name, amount)) from item;
