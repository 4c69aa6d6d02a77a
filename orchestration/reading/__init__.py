"""Files as they are sent, whoever reads them: unpacked, and text as records of cells."""
