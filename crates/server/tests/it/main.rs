//! The server as its clients see it: a whole hub behind a socket.

#![cfg(test)]

mod access;
mod actions;
mod bounds;
mod connection_tests;
mod definitions;
mod deliveries;
mod erasing;
mod events;
mod hub;
mod inbox;
mod incidents;
mod keys;
mod lists;
mod messages;
mod openapi;
mod pages;
mod pausing;
mod projects;
mod waiting;
mod webhook;
