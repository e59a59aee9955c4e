"""The outside world in a box: a stand-in Slack workspace and stand-in vendors, over real HTTP and WebSocket.

It imports none of Bellwether's rooms and none of them imports it: it is reached over the network only.
"""
