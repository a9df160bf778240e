"""The authenticator `daarion`: whom auth-service knows."""
