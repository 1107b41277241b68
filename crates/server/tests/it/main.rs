//! The server as its clients see it: a whole hub behind a socket.

#![cfg(test)]

mod access;
mod access_table;
mod accounts;
mod actions;
mod bounds;
mod case_export;
mod connection_tests;
mod data_cases;
mod data_forms;
mod data_kobo;
mod definitions;
mod deliveries;
mod editing;
mod erasing;
mod events;
mod filed;
mod guesses;
mod hardening;
mod hub;
mod inbox;
mod incidents;
mod jobs;
mod keys;
mod linked_files;
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
mod receiver;
mod receiver_bounds;
mod receiver_forms;
mod runs;
mod tables;
mod timeline;
mod trials;
mod waiting;
mod webhook;
mod workflows;
