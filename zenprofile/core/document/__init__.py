"""One document: text to data, data to text, and edits that leave every other byte."""
