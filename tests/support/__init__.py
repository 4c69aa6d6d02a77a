"""What tests share: companies, traffic, decks, deployments."""
