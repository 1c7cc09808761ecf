//! The network: interfaces, routes, sockets, namespaces. `netlink(7)`, `sock_diag(7)`, and the tables below `/proc/net`.

pub mod datagrams;
pub mod interfaces;
pub mod links;
pub mod listeners;
pub mod names;
pub mod namespace;
pub mod netlink;
pub mod other_sockets;
pub mod routes;
pub mod sock_diag;
pub mod socket_tables;
pub mod text_tables;
