// Leads every connection that is opened in this process through the hub's proxy, which dials only addresses that
// connections of the project may dial. Packages open sockets by clients of their own, so this stands where all of
// them meet: in `net` and `tls`.

import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";

const headEnd = "\r\n\r\n";

// What TLS is spoken through. A socket itself would hand its bytes to TLS before the tunnel is open.
class Way extends Duplex {
  constructor(socket) {
    super();
    this.socket = socket;
    this.opening = new Promise((resolve) => socket.once("connect", resolve));
    socket.on("data", (piece) => this.push(piece) || socket.pause());
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  _read() {
    this.socket.resume();
  }

  _write(piece, encoding, done) {
    this.opening.then(() => this.socket.write(piece, encoding, done));
  }

  _final(done) {
    this.opening.then(() => this.socket.end(done));
  }

  _destroy(error, done) {
    this.socket.destroy();
    done(error);
  }
}

/** Sends all connections of this process by the proxy at `host:port`. */
export function goByProxy(address, token) {
  const [proxyHost, proxyPort] = address.split(/:(?=\d+$)/);
  const proof = Buffer.from(`job:${token}`).toString("base64");
  const connectDirectly = net.Socket.prototype.connect;

  function optionsOf(values) {
    const given = Array.isArray(values[0]) ? values[0] : values;
    const callback = given.findLast?.((value) => typeof value === "function");
    const [first, second] = given;
    if (typeof first === "object" && first !== null) return [first, callback];
    if (typeof first === "string" && Number.isNaN(Number(first))) return [{ path: first }, callback];
    return [{ port: Number(first), host: typeof second === "string" ? second : "localhost" }, callback];
  }

  // The socket belongs to the package; until the tunnel is open, nobody is told that it is connected.
  function openTunnel(socket, target) {
    const emit = socket.emit;
    let heard = "";
    let isOpen = false;
    socket.emit = function (name, ...values) {
      if (isOpen) return emit.call(this, name, ...values);
      if (name === "connect") {
        const request = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${proof}${headEnd}`;
        writeDirectly.call(socket, request, "latin1");
        // Who listened before it was connected waits for the event to read, and so would the answer.
        socket._read(0);
        socket.resume();
        return true;
      }
      if (name === "ready") return true;
      if (name === "data") return take(values[0]);
      return emit.call(this, name, ...values);
    };
    // What is written before the tunnel is open waits for it.
    const waiting = [];
    const writeDirectly = socket.write;
    socket.write = function (...values) {
      waiting.push(values);
      return true;
    };
    function take(piece) {
      heard += piece.toString("latin1");
      const end = heard.indexOf(headEnd);
      if (end < 0) return true;
      const status = Number(heard.split(" ")[1]);
      if (status !== 200) {
        const code = /^x-code: (.*)$/im.exec(heard)?.[1].trim() ?? "ECONNREFUSED";
        const error = Object.assign(new Error(heard.slice(end + headEnd.length) || `No way to ${target}`), { code });
        socket.destroy(error);
        return true;
      }
      isOpen = true;
      socket.emit = emit;
      socket.write = writeDirectly;
      // Whoever listens already goes on listening; nobody else misses what comes first.
      if (socket.listenerCount("data") === 0) socket.pause();
      const rest = Buffer.from(heard.slice(end + headEnd.length), "latin1");
      if (rest.length) socket.unshift(rest);
      emit.call(socket, "connect");
      emit.call(socket, "ready");
      for (const values of waiting) writeDirectly.apply(socket, values);
      return true;
    }
  }

  net.Socket.prototype.connect = function (...values) {
    const [options, callback] = optionsOf(values);
    if (options.path) {
      process.nextTick(() => this.destroy(Object.assign(new Error("Local sockets cannot be opened"), { code: "EACCES" })));
      return this;
    }
    if (callback) this.once("connect", callback);
    const host = options.host ?? "localhost";
    const { lookup: _lookup, localAddress: _local, family: _family, ...others } = options;
    connectDirectly.call(this, { ...others, host: proxyHost, port: Number(proxyPort), autoSelectFamily: false });
    // After it: to connect makes a socket's `write` what it was.
    openTunnel(this, `${host.includes(":") ? `[${host}]` : host}:${options.port}`);
    return this;
  };

  // TLS goes through a tunnel that is opened first: the handshake is with whoever is behind it.
  const secureDirectly = tls.connect;
  tls.connect = function (...values) {
    const [options, callback] = optionsOf(values);
    const more = values.find((value, place) => place > 0 && typeof value === "object" && value !== null) ?? {};
    const all = { ...options, ...more };
    if (all.socket) return secureDirectly.call(this, all, callback);
    const socket = new Way(net.connect({ host: all.host, port: all.port }));
    const isName = all.host && !net.isIP(all.host);
    return secureDirectly.call(this, { ...all, socket, servername: all.servername ?? (isName ? all.host : undefined) }, callback);
  };

  syncBuiltinESMExports();
}
