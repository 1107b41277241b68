// The theme of Mantine's widgets: paper and ink by day, slate by night, one accent.
//
// The policy under which the pages are served allows no styles inside them, so Mantine writes none:
// its variables stand in variables.css, which a test makes from this theme and keeps equal to it.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#eaf4f2",
  "#d3e8e5",
  "#a9d3cd",
  "#7fc4bb",
  "#5cc4b8",
  "#1f7f75",
  "#0f6b62",
  "#0c5a52",
  "#094843",
  "#063732",
];
const amber: MantineColorsTuple = [
  "#fbf3e0",
  "#f5e4bd",
  "#eed08f",
  "#e8c06a",
  "#e2b04f",
  "#b87f16",
  "#8a5a00",
  "#744b00",
  "#5d3c00",
  "#472e00",
];
const red: MantineColorsTuple = [
  "#fbece8",
  "#f6d3cb",
  "#f4b3a5",
  "#f29e8d",
  "#f08a76",
  "#c24a35",
  "#a8321f",
  "#8f2818",
  "#742013",
  "#59180e",
];
/** Warm greys: hairlines and quiet words on paper. */
const gray: MantineColorsTuple = [
  "#f6f4ef",
  "#f0ede6",
  "#e8e4db",
  "#dedad1",
  "#cdc8bc",
  "#a39e93",
  "#5d666c",
  "#4a5359",
  "#343d43",
  "#1d2429",
];
/** Slate: from the words of the night (0) to its ground (7). */
const dark: MantineColorsTuple = [
  "#e6e4de",
  "#c9cbc9",
  "#a3acb2",
  "#7d878e",
  "#384148",
  "#2c343b",
  "#232a30",
  "#1b2126",
  "#161b1f",
  "#101418",
];

export const theme = createTheme({
  colors: { teal, amber, red, gray, dark },
  primaryColor: "teal",
  primaryShade: { light: 6, dark: 5 },
  black: "#1d2429",
  white: "#ffffff",
  fontFamily: "Inter, system-ui, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "12px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.4" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "40px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "16px" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "28px", lineHeight: "1.25" },
      h2: { fontSize: "20px", lineHeight: "1.3" },
      h3: { fontSize: "16px", lineHeight: "1.4" },
      h4: { fontSize: "14px", lineHeight: "1.45" },
    },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
  // Widgets that would write a style element to hold the page still do not; see above.
  components: {
    Modal: {
      defaultProps: { lockScroll: false, centered: true, transitionProps: { duration: 120 } },
      styles: { title: { fontSize: 16, fontWeight: 600 } },
    },
    Drawer: { defaultProps: { lockScroll: false, transitionProps: { duration: 120 } } },
    Menu: { defaultProps: { transitionProps: { duration: 120 }, shadow: "md" } },
    Popover: { defaultProps: { transitionProps: { duration: 120 }, shadow: "md" } },
    Tooltip: {
      defaultProps: {
        transitionProps: { duration: 120 },
        openDelay: 200,
        withArrow: true,
        multiline: true,
      },
    },
    InputWrapper: { defaultProps: { withAsterisk: false } },
    Loader: { defaultProps: { size: "sm", type: "dots" } },
    Button: { defaultProps: { size: "sm" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm" } },
    Textarea: { defaultProps: { size: "sm" } },
    NumberInput: { defaultProps: { size: "sm" } },
  },
});
