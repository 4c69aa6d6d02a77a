"""The company's configuration: CSV files described, checked and loaded."""
