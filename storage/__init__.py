"""What Bellwether remembers: SQLModel tables in, domain types out; one module a noun."""
