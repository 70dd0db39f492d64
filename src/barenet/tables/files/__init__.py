"""Files as columns: CSV and Parquet, one or several of them."""
