// Forms that a passkey answers: the browser makes or shows one, and the form sends what came of it. What the browser is
// asked stands in the form, or is fetched when its button is pressed.
(() => {
  "use strict";

  const bytes = (text) => {
    const plain = text.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const plain = btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
    return plain.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };
  const known = (list) => (list ?? []).map((passkey) => ({ ...passkey, id: bytes(passkey.id) }));

  async function make({ publicKey: asked }) {
    const publicKey = {
      ...asked,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: known(asked.excludeCredentials),
    };
    const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
    return {
      id,
      rawId: text(rawId),
      type,
      response: {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
        transports: response.getTransports?.() ?? [],
      },
    };
  }

  async function show({ publicKey: asked }) {
    const publicKey = {
      ...asked,
      challenge: bytes(asked.challenge),
      allowCredentials: known(asked.allowCredentials),
    };
    const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
    return {
      id,
      rawId: text(rawId),
      type,
      response: {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: response.userHandle ? text(response.userHandle) : null,
      },
    };
  }

  async function question(form) {
    if (form.dataset.asks) return JSON.parse(form.dataset.asks);
    const response = await fetch(form.dataset.asksAt, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.status);
    return response.json();
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-problem]");
      const button = form.querySelector("button");
      problem.hidden = true;
      button.disabled = true;
      try {
        const asked = await question(form);
        const answer = await (form.dataset.passkey === "make" ? make(asked) : show(asked));
        form.elements.credential.value = JSON.stringify(answer);
        form.submit();
      } catch {
        // Cancelled, timed out, or there is none: browsers do not say which.
        problem.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
