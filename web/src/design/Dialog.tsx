// A dialog: everything that is asked or shown over a page. Its button to close has a name, and what
// is shown only once in it does not go by a key or a click beside it.
import { Modal, type ModalProps } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useWords } from "../i18n/words";

interface DialogProps {
  opened: boolean;
  close: () => void;
  title: ReactNode;
  size?: ModalProps["size"];
  /** Something would be lost by closing: only its buttons do that. */
  holds?: boolean;
  children: ReactNode;
}

export function Dialog({
  opened,
  close,
  title,
  size = "md",
  holds = false,
  children,
}: DialogProps) {
  const words = useWords().common;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      size={size}
      closeOnClickOutside={!holds}
      closeOnEscape={!holds}
      closeButtonProps={{ "aria-label": words.close }}
    >
      {children}
    </Modal>
  );
}

interface OnceDialogProps extends Omit<DialogProps, "opened" | "holds" | "children"> {
  open: boolean;
  /** `show` says that something stands there now which is not shown again. */
  children: (show: () => void, close: () => void) => ReactNode;
}

/** A dialog that ends in something shown once: it must not go by a click beside it, nor by a key. */
export function OnceDialog({ open, close, children, ...dialog }: OnceDialogProps) {
  const [isShown, setShown] = useState(false);
  const end = () => {
    setShown(false);
    close();
  };
  return (
    <Dialog {...dialog} opened={open} close={end} holds={isShown}>
      {children(() => setShown(true), end)}
    </Dialog>
  );
}
