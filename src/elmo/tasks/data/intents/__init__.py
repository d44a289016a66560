"""Exports of chatbot tools (Rasa, Dialogflow, LUIS) -> texts with their intents."""
