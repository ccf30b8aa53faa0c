"""Tables as Parquet files in a folder that several machines see, and the SQL that Spark runs over them (数据湖)."""
