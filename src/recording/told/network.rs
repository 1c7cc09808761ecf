//! Interfaces, routes and connections, as fields.

use super::fields;
use crate::model::network::{self, interface, ledger, route, traffic};

fields!(network::Network { 1 interfaces, 2 routes, 3 resolvers, 4 names, 5 connections, 6 talkers, 7 short, 8 span, 9 hidden, 10 hiding, 11 focus, 12 complete, 13 namespace, 14 namespaces, 15 foreign, 16 datagrams, 17 unlisted });
fields!(network::Foreign { 1 namespace, 2 interfaces, 3 routes });
fields!(network::Connection { 1 inet, 2 holders, 3 more, 4 was, 5 rates, 6 peers });
fields!(interface::Interface { 1 name, 2 index, 3 kind, 4 state, 5 carrier, 6 speed, 7 mac, 8 mtu, 9 addresses, 10 counters, 11 rates });
fields!(interface::Counters { 1 received, 2 packets_in, 3 errors_in, 4 drops_in, 5 sent, 6 packets_out, 7 errors_out, 8 drops_out });
fields!(interface::Kind { 1 word, 2 vlan, 3 under, 4 part_of });
fields!(ledger::Short { 1 rates, 2 connections, 3 missed });
fields!(route::Route { 1 destination, 2 prefix, 3 gateway, 4 interface, 5 metric });
fields!(traffic::Rates { 1 received, 2 sent });
fields!(traffic::Talker { 1 who, 2 connections, 3 ended, 4 rates, 5 of_ended });
