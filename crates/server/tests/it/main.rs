//! The server as its clients see it: a whole hub behind a socket.

#![cfg(test)]

mod access;
mod access_table;
mod accounts;
mod actions;
mod bounds;
mod connection_tests;
mod definitions;
mod deliveries;
mod editing;
mod erasing;
mod events;
mod hardening;
mod hub;
mod inbox;
mod incidents;
mod keys;
mod lists;
mod looking;
mod members;
mod messages;
mod openapi;
mod overview;
mod pages;
mod pausing;
mod people;
mod projects;
mod timeline;
mod waiting;
mod webhook;
