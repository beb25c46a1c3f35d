"""The tables of the zone's catalog, after those of iRODS."""

ACCESS = {
    "null": 1000,
    "execute": 1010,
    "read_annotation": 1020,
    "read_system_metadata": 1030,
    "read_metadata": 1040,
    "read_object": 1050,
    "write_annotation": 1060,
    "create_metadata": 1070,
    "modify_metadata": 1080,
    "delete_metadata": 1090,
    "administer_object": 1100,
    "create_object": 1110,
    "modify_object": 1120,
    "delete_object": 1130,
    "create_token": 1140,
    "delete_token": 1150,
    "curate": 1160,
    "own": 1200,
}

TABLES = """
create table r_zone_main (zone_id integer primary key, zone_name text, zone_type_name text, zone_conn_string text,
    r_comment text, create_ts text, modify_ts text);
create table r_user_main (user_id integer primary key, user_name text, user_type_name text, zone_name text,
    user_info text, r_comment text, create_ts text, modify_ts text, password text);
create table r_user_group (group_user_id integer, user_id integer, primary key (user_id, group_user_id));
create table r_tokn_main (token_namespace text, token_id integer, token_name text,
    primary key (token_namespace, token_id));
create table r_resc_main (resc_id integer primary key, resc_name text unique, zone_name text, resc_type_name text,
    resc_class_name text, resc_net text, resc_def_path text, free_space text, free_space_ts text, resc_info text,
    r_comment text, resc_status text, create_ts text, modify_ts text, modify_ts_millis text, resc_children text,
    resc_context text, resc_parent text, resc_parent_context text);
create table r_coll_main (coll_id integer primary key, coll_name text unique, parent_coll_name text,
    coll_owner_name text, coll_owner_zone text, coll_map_id integer, coll_inheritance text, r_comment text,
    create_ts text, modify_ts text, coll_type text, coll_info1 text, coll_info2 text);
create index coll_parent on r_coll_main (parent_coll_name);
create table r_data_main (data_id integer, coll_id integer, data_name text, data_repl_num integer, data_version text,
    data_type_name text, data_size integer, resc_id integer, data_path text, data_owner_name text,
    data_owner_zone text, data_is_dirty integer, data_status text, data_checksum text, data_expiry_ts text,
    data_map_id integer, data_mode text, r_comment text, create_ts text, modify_ts text, access_ts text,
    primary key (data_id, data_repl_num));
create index data_name_in_coll on r_data_main (coll_id, data_name);
create index data_resc on r_data_main (resc_id);
create table r_objt_access (object_id integer, user_id integer, access_type_id integer, create_ts text, modify_ts text,
    primary key (object_id, user_id)) without rowid;
create table r_meta_main (meta_id integer primary key, meta_attr_name text, meta_attr_value text, meta_attr_unit text,
    meta_namespace text, r_comment text, create_ts text, modify_ts text);
create index meta_attr on r_meta_main (meta_attr_name, meta_attr_value, meta_attr_unit);
create table r_objt_metamap (object_id integer, meta_id integer, create_ts text, modify_ts text,
    primary key (object_id, meta_id)) without rowid;
create index metamap_meta on r_objt_metamap (meta_id);
create table r_rule_exec (rule_exec_id integer primary key, rule_name text, rei_file_path text, user_name text,
    exe_address text, exe_time text, exe_frequency text, priority text, estimated_exe_time text,
    notification_addr text, last_exe_time text, exe_status text, exe_context text, lock_host text,
    lock_host_pid text, lock_ts text, create_ts text, modify_ts text);
create table replica_token (token text primary key, data_id integer, repl_num integer);
create table object_id (next integer);
create table fault (fault_id integer primary key, api text, user text, countdown integer, action text, code integer,
    seconds real, moment text);
insert into object_id values (10001);
"""

STATISTICS = [
    ("r_data_main", "sqlite_autoindex_r_data_main_1", "100000 1 1"),
    ("r_data_main", "data_name_in_coll", "100000 200 1"),
    ("r_data_main", "data_resc", "100000 30000"),
    ("r_coll_main", "sqlite_autoindex_r_coll_main_1", "1000 1"),
    ("r_coll_main", "coll_parent", "1000 20"),
    ("r_objt_metamap", "r_objt_metamap", "500000 5 1"),
    ("r_objt_metamap", "metamap_meta", "500000 20"),
    ("r_meta_main", "meta_attr", "100000 10000 5 2"),
    ("r_objt_access", "r_objt_access", "200000 2 1"),
    ("r_user_group", "sqlite_autoindex_r_user_group_1", "100 3 1"),
]
"""What SQLite would find in a zone of some size (rows, rows per value of an index's columns), so that it chooses its
ways from the first row on as it should with many."""
