"""The papers' tables again: what they print beside what is measured here."""
