"""Torana: a Kubernetes Gateway API implementation with an Envoy data plane."""

__version__ = "0.1.0"
