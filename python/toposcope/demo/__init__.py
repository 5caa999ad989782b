"""The demo: two networks trained on handwritten digits, and the topology of what their layers see."""
