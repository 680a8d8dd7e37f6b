/** The pod network of a node: CNI configuration, addresses, routes. */
export { bridgeNetwork } from './bridge.ts';
export { CNI_CONFIGURATION_PATH, configurationListOf, readConfigurationList } from './configuration.ts';
export { nodeNetwork, routesFor } from './node-network.ts';
